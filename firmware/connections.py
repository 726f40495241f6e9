"""The lines of a pump, what answers on them, and the commands that may come in."""

from firmware.comms.channel import Channel
from firmware.comms.commands.bolus import BolusCommands
from firmware.comms.commands.change import Keeper
from firmware.comms.commands.correct import CorrectCommand
from firmware.comms.commands.implant import ImplantCommands
from firmware.comms.commands.program import ProgramCommands
from firmware.comms.commands.records import RecordCommands
from firmware.comms.commands.refill import RefillCommand
from firmware.comms.commands.settings import SettingsCommands
from firmware.comms.commands.table import Commands
from firmware.comms.commands.therapy import TherapyCommands
from firmware.comms.dispatcher import Dispatcher
from firmware.comms.port import Port
from firmware.comms.status import StatusBuilder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.parts import Parts
    from hal.contract import Hal


def connected(hal: "Hal", config: "Config", parts: "Parts") -> "list[Port]":
    """The lines, and what answers on them."""
    channels = [Channel(parts.log) for _ in hal.links]
    commands = _commands(config, parts)
    status = StatusBuilder(
        hal,
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        battery=parts.battery,
        alarms=parts.alarms,
        catheter=parts.catheter,
        bolus=parts.bolus,
        orders=parts.orders,
        infusion=parts.infusion,
        watch=parts.watch,
        forecast=parts.forecast,
        log=parts.log,
        titration=parts.titration,
        sensors=parts.sensors,
        telemetry_budget=parts.telemetry_budget,
        selftest=parts.selftest,
        keys=parts.keys,
        channels=channels,
    )
    dispatcher = Dispatcher(
        config,
        clock=parts.clock,
        sessions=parts.sessions,
        status=status,
        commands=commands,
        log=parts.log,
        keys=parts.keys,
    )
    return [
        Port(link, channel, dispatcher, hal.clock, parts.telemetry_budget)
        for link, channel in zip(hal.links, channels)  # noqa: B905 - MicroPython's zip knows no strict
    ]


def _commands(config: "Config", parts: "Parts") -> Commands:
    """Every command's handler, in one table."""
    therapy = _therapy(config, parts)
    records = _records(parts)
    program = _program(config, parts, therapy, records)
    return Commands(
        [
            group.handlers()
            for group in (
                _implant(parts),
                _refill(config, parts),
                _correct(config, parts),
                therapy,
                records,
                program,
                _settings(parts),
            )
        ],
        bolus=_bolus(config, parts),
        state=parts.state,
        log=parts.log,
        selftest=parts.selftest,
        keeper=Keeper(clock=parts.clock, state=parts.state, ledger=parts.ledger, alarms=parts.alarms),
    )


def _therapy(config: "Config", parts: "Parts") -> TherapyCommands:
    return TherapyCommands(
        config,
        state=parts.state,
        monitor=parts.monitor,
        catheter=parts.catheter,
        program=parts.program,
        orders=parts.orders,
        delivery=parts.delivery,
        infusion=parts.infusion,
        extras=parts.extras,
        watch=parts.watch,
        log=parts.log,
    )


def _records(parts: "Parts") -> RecordCommands:
    return RecordCommands(
        alarms=parts.alarms,
        log=parts.log,
        patient_record=parts.patient_record,
        titration=parts.titration,
        keys=parts.keys,
        sessions=parts.sessions,
    )


def _program(config: "Config", parts: "Parts", therapy: TherapyCommands, records: RecordCommands) -> ProgramCommands:
    return ProgramCommands(
        config,
        clock=parts.clock,
        state=parts.state,
        catheter=parts.catheter,
        bolus=parts.bolus,
        dose_window=parts.dose_window,
        program=parts.program,
        orders=parts.orders,
        forecast=parts.forecast,
        log=parts.log,
        titration=parts.titration,
        therapy_commands=therapy,
        record_commands=records,
    )


def _implant(parts: "Parts") -> ImplantCommands:
    return ImplantCommands(
        clock=parts.clock,
        state=parts.state,
        alarms=parts.alarms,
        catheter=parts.catheter,
        infusion=parts.infusion,
        log=parts.log,
    )


def _refill(config: "Config", parts: "Parts") -> RefillCommand:
    return RefillCommand(
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        alarms=parts.alarms,
        catheter=parts.catheter,
        bolus=parts.bolus,
        orders=parts.orders,
        infusion=parts.infusion,
        extras=parts.extras,
        forecast=parts.forecast,
        log=parts.log,
    )


def _correct(config: "Config", parts: "Parts") -> CorrectCommand:
    return CorrectCommand(
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        catheter=parts.catheter,
        dose_window=parts.dose_window,
        program=parts.program,
        infusion=parts.infusion,
        extras=parts.extras,
        log=parts.log,
    )


def _settings(parts: "Parts") -> SettingsCommands:
    return SettingsCommands(
        clock=parts.clock,
        state=parts.state,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        infusion=parts.infusion,
        log=parts.log,
    )


def _bolus(config: "Config", parts: "Parts") -> BolusCommands:
    return BolusCommands(
        config,
        clock=parts.clock,
        state=parts.state,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        catheter=parts.catheter,
        bolus=parts.bolus,
        dose_window=parts.dose_window,
        program=parts.program,
        orders=parts.orders,
        infusion=parts.infusion,
        extras=parts.extras,
        forecast=parts.forecast,
        log=parts.log,
    )
