"""One instruction: stop the processor until the next interrupt, everything else running on."""

import micropython


@micropython.asm_thumb
def wait_for_interrupt():  # no `-> None`: the assembler takes an annotation for the register's type, and knows no None
    wfi()  # pyright: ignore[reportUndefinedVariable]
