"""Speed against peers: CPU seconds of one thread, each race within one process."""
