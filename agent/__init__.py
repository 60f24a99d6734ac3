"""Evidence-first triage of adverse-media alerts: the engine and its doors."""
