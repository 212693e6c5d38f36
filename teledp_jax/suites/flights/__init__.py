"""The public flights data: aircraft as devices."""
