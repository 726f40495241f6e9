"""The pump's configuration: what its maker and its clinic decided, in the pump's own units.

Nothing here is a constant of nature, and some of it is unsourced (docs/configuration.md has the provenance of each
key), so everything can be set. Numbers are integers, in the unit of the name.
"""

DAY_S = 86400


class Config:
    """Defaults as class attributes; `Config(key=value, ...)` overrides them, an unknown key raises KeyError. It has all
    of them as its own, too: what is its own can be guarded."""

    serial = "THECAL-00001"  # up to 12 ASCII characters
    model = "T20"  # up to 12 ASCII characters

    reservoir_nl = 20_000_000
    low_reservoir_nl = 2_000_000
    residual_nl = 1_400_000
    low_warning_h = 0  # hours before it is empty at which it is low, too; 0 goes by volume alone
    max_fill_days = 180

    catheter_nl_per_cm = 2200  # dead volume; that of the pump's own tubing is told with the implantation
    fill_sensor = False  # whether a gauge of the reservoir is fitted
    sensor_tolerance_nl = 500_000  # by which it may differ from what was computed
    step_nl = 100
    lowest_program_rate_nl_per_day = 48_000
    max_rate_nl_per_day = 24_000_000
    standby_rate_nl_per_day = 6_000  # of the minimum-rate mode and of the safe state

    max_dose_mcg_per_day = 1000  # this and the next two: of a new pump, until a clinician sets others
    max_bolus_mcg = 200
    max_change_percent = 30  # soft: of a daily dose's rise within 24 h
    max_decrease_percent = 20  # soft, and not a clinician's to set: of its fall

    critical_interval_s = 600  # this, the next two and low_reservoir_nl: of a new pump, until a clinician sets others
    non_critical_interval_s = 3600
    stopped_alarm_after_s = 6 * 3600
    stopped_critical_alarm_after_s = 48 * 3600

    life_days = 2557
    eri_days = 90
    battery_idle_ppb_per_day = 349_000  # of the cell's charge, with the pump at rest
    battery_ppb_per_ml = 83_800  # of the cell's charge, for each mL moved
    couplings = False  # whether the tubing lets more through after what is known to harm it
    eri_mv = 2600  # a cell at rest below this is nearly empty
    eos_mv = 2300  # a cell under load below this cannot turn the motor

    min_centi_celsius = 3500  # an implant's operating range
    max_centi_celsius = 4000

    monitor_percent = 110  # what the safety monitor lets pass, of the largest legal dose
    session_idle_s = 300
    key_reset_s = 86_400  # of waiting before a pump whose key is lost goes back to the test key
    telemetry_bytes_per_day = 30_000_000  # beyond them pushed telemetry is dropped
    reset_loop_count = 3  # watchdog resets within an hour that mean the safe state

    def __init__(self, **overrides: "int | str | bool") -> None:
        for key in dir(Config):
            if key[0] != "_":
                setattr(self, key, getattr(Config, key))
        for key in sorted(overrides):
            if key not in self.__dict__:
                raise KeyError(key)
            setattr(self, key, overrides[key])
