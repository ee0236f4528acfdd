"""How much work a CPU-second does: the engine on full business partners, beside a floor measured in the same run."""
