"""One instruction: stop the processor until the next interrupt, everything else running on."""

import micropython


@micropython.asm_thumb
def wait_for_interrupt():
    wfi()  # pyright: ignore[reportUndefinedVariable]
