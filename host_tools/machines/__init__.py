"""What the pump's firmware runs in: each machine has the members of `host_tools.machines.machine.Machine`."""
