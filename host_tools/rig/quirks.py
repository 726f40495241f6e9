"""Where the emulator, at the version that is pinned, does otherwise than the chip."""

from rp2040py.device import MicroPythonDevice
from rp2040py.peripherals.uart import RPUART, UARTDR, UARTTXINTR


def mend(device: MicroPythonDevice) -> None:
    """Make it do as the chip, where that matters to the pump."""
    for uart in device.mcu.uart:
        _let_transmission_rest(uart)


def _let_transmission_rest(uart: RPUART) -> None:
    """A PL011 interrupts when what was written has gone; the emulator's does always, and so hangs the chip."""
    write = uart.write_uint32

    def check_interrupts() -> None:
        uart.rp2040.set_interrupt(uart.irq, bool(uart._interrupt_status & uart._interrupt_mask))

    def write_uint32(offset: int, value: int) -> None:
        write(offset, value)
        if offset == UARTDR:
            uart._interrupt_status |= UARTTXINTR
            check_interrupts()

    uart.check_interrupts = check_interrupts
    uart.write_uint32 = write_uint32
