"""Repairs of the emulator, at the pinned version, where it differs from the chip or from a host on its USB."""

from rp2040py.device import MicroPythonDevice
from rp2040py.peripherals.uart import RPUART, UARTDR, UARTTXINTR
from rp2040py.usb.cdc import USBCDC


def repair(device: MicroPythonDevice) -> "UsbHost":
    """Make it do as the chip, where that matters to the pump; the host at its USB console."""
    for uart in device.mcu.uart:
        _let_transmission_rest(uart)
    return UsbHost(device.cdc)


class UsbHost:
    """Asks for what the chip sends, and sends when there is something to send.

    The emulator's own answers a chip that listens with an empty packet, some six times in a ms: the chip would be
    interrupted, and never sleep.
    """

    def __init__(self, cdc: USBCDC) -> None:
        self._cdc = cdc
        self._room = 0  # bytes that the chip waits for now
        usb = cdc.usb
        self._deliver = usb.on_endpoint_read
        self._reset = usb.on_reset
        usb.on_endpoint_read = self._on_endpoint_read
        usb.on_reset = self._on_reset

    def send(self, data: bytes | bytearray) -> int:
        """Hand over what fits now; how many bytes that was."""
        fifo = self._cdc.tx_fifo
        count = min(len(data), fifo.size - fifo.item_count)
        for byte in data[:count]:
            self._cdc.send_serial_byte(byte)
        if fifo.item_count and self._room:
            room, self._room = self._room, 0
            self._deliver_out(room)
        return count

    def _on_endpoint_read(self, endpoint: int, size: int) -> None:
        if endpoint and endpoint == self._cdc._out_endpoint and not self._cdc.tx_fifo.item_count:
            self._room = size
        elif self._deliver:
            self._deliver(endpoint, size)

    def _deliver_out(self, size: int) -> None:
        assert self._deliver
        self._deliver(self._cdc._out_endpoint, size)

    def _on_reset(self) -> None:
        self._room = 0
        if self._reset:
            self._reset()


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
