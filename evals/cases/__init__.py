"""Cases: alerts with what a careful person found in them, the checks that keep them sound, outside data as cases."""
