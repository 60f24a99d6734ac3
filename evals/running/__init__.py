"""Running cases through the product: inspect runs, retries and resumes; the files of a run; record and replay."""
