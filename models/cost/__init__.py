"""What layers cost: in closed form and measured on this device."""
