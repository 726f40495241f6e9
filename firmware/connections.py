"""The lines of a pump, what answers on them, and the commands that may come in."""

from firmware.comms.channel import Channel
from firmware.comms.commands.bolus import BolusCommands
from firmware.comms.commands.change import Keeper
from firmware.comms.commands.implant import ImplantCommands
from firmware.comms.commands.program import ProgramCommands
from firmware.comms.commands.records import RecordCommands
from firmware.comms.commands.refill import RefillCommand
from firmware.comms.commands.settings import SettingsCommands
from firmware.comms.commands.table import Commands
from firmware.comms.commands.therapy import TherapyCommands
from firmware.comms.dispatcher import Desk
from firmware.comms.port import Port
from firmware.comms.status import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.parts import Parts
    from hal.contract import Hal


def connected(hal: "Hal", config: "Config", parts: "Parts") -> "list[Port]":
    """The lines, and what answers on them."""
    channels = [Channel(parts.log) for _ in hal.links]
    commands = _commands(config, parts)
    report = Report(
        hal,
        config,
        uptime=parts.uptime,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        power=parts.power,
        alarms=parts.alarms,
        line=parts.line,
        bolus=parts.bolus,
        orders=parts.orders,
        infusion=parts.infusion,
        watch=parts.watch,
        outlook=parts.outlook,
        log=parts.log,
        doses=parts.doses,
        senses=parts.senses,
        budget=parts.budget,
        selftest=parts.selftest,
        keys=parts.keys,
        channels=channels,
    )
    desk = Desk(
        config,
        uptime=parts.uptime,
        sessions=parts.sessions,
        report=report,
        commands=commands,
        log=parts.log,
        keys=parts.keys,
    )
    return [
        Port(link, channel, desk, hal.clock, parts.budget)
        for link, channel in zip(hal.links, channels)  # noqa: B905 - MicroPython's zip knows no strict
    ]


def _commands(config: "Config", parts: "Parts") -> Commands:
    """Every command's handler, in one table."""
    implant = ImplantCommands(
        uptime=parts.uptime,
        state=parts.state,
        alarms=parts.alarms,
        line=parts.line,
        infusion=parts.infusion,
        log=parts.log,
    )
    refill = RefillCommand(
        config,
        uptime=parts.uptime,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        line=parts.line,
        bolus=parts.bolus,
        program=parts.program,
        therapy=parts.orders,
        infusion=parts.infusion,
        outlook=parts.outlook,
        log=parts.log,
    )
    therapy = TherapyCommands(
        config,
        state=parts.state,
        monitor=parts.monitor,
        line=parts.line,
        program=parts.program,
        therapy=parts.orders,
        delivery=parts.delivery,
        infusion=parts.infusion,
        watch=parts.watch,
        log=parts.log,
    )
    records = RecordCommands(
        alarms=parts.alarms,
        log=parts.log,
        chart=parts.chart,
        doses=parts.doses,
        keys=parts.keys,
        sessions=parts.sessions,
    )
    program = ProgramCommands(
        config,
        uptime=parts.uptime,
        state=parts.state,
        line=parts.line,
        bolus=parts.bolus,
        windows=parts.windows,
        program=parts.program,
        therapy=parts.orders,
        outlook=parts.outlook,
        log=parts.log,
        doses=parts.doses,
        therapy_commands=therapy,
        record_commands=records,
    )
    settings = SettingsCommands(
        uptime=parts.uptime,
        state=parts.state,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        infusion=parts.infusion,
        log=parts.log,
    )
    bolus = BolusCommands(
        config,
        uptime=parts.uptime,
        state=parts.state,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        line=parts.line,
        bolus=parts.bolus,
        windows=parts.windows,
        program=parts.program,
        orders=parts.orders,
        infusion=parts.infusion,
        outlook=parts.outlook,
        log=parts.log,
    )
    return Commands(
        [group.handlers() for group in (implant, refill, therapy, records, program, settings)],
        bolus=bolus,
        state=parts.state,
        log=parts.log,
        selftest=parts.selftest,
        keeper=Keeper(uptime=parts.uptime, state=parts.state, ledger=parts.ledger, alarms=parts.alarms),
    )
