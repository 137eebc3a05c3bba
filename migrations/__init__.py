"""Schema changes, one file each, numbered; every one can run beside the previous release."""
