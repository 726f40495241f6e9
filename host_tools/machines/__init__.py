"""The machines that run the pump's firmware; all fulfil `host_tools.machines.machine.Machine`."""
