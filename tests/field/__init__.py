"""Cases from the field: what puzzled or hurt people who used the pump as anybody would.

Each has the right value, worked out by hand, and why it is right; most are scenarios (`*.yaml`, run by
tests/scenario/test_run.py), the rest sweeps over what is ordinary.
"""
