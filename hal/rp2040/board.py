"""The board file: pins, calibrations and options of one rig. docs/rig.md has the wiring; nothing else knows a pin.

Pins are GPIO numbers, None where a part is not fitted. Readings of the ADC are MicroPython's, 0..65535 for 0..3.3 V.
"""

PUMP = {}  # keys of docs/configuration.md that this pump has otherwise; fill_sensor goes by FILL_PIN

SERVICE_PIN = 15  # to ground at power-up: the REPL instead of the pump

UART_TX_PIN = 0
UART_RX_PIN = 1
UART_BAUD = 115200

STEP_PIN = 2
DIR_PIN = 3
ENABLE_PIN = 4  # low: the driver has power
FORWARD = 1  # level of DIR
PULSES_PER_STEP = 1  # of STEP, for one pump step: one confirmation of the rotor
PULSE_US = 100  # high, and low again before the next

HALL_PIN = 5  # rises once in a pump step; None for a bare Pico: steps are then unconfirmed, and the pump alarms
REVERSE_PIN = 6  # a second Hall sensor, high at that edge when the rotor goes backward; None: never
CONFIRM_MS = 100  # the longest from a pulse to its edge

HEAD_PIN = 7  # reed switch to ground, closed by the telemetry head's magnet

PIEZO_PIN = 8
HIGH_HZ = 3200
LOW_HZ = 2400
PIEZO_SENSE_PIN = 28  # ADC over the piezo's series resistor; None: its self-test sees nothing and passes
PIEZO_SENSE_LEAST = 2000  # what the ADC reads at least while the piezo is driven

BATTERY_PIN = 26
BATTERY_FULL_MV = 6600  # what 65535 stands for: 3.3 V behind a divider by two

FILL_PIN = None  # 27 where a fill sensor is fitted
FILL_EMPTY = 6554  # ADC with an empty reservoir, and with FILL_FULL_NL in it
FILL_FULL = 58982
FILL_FULL_NL = 20_000_000

THERMOMETER_OFFSET_CENTI_CELSIUS = 0  # added to what the chip's own sensor says
