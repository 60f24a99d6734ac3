"""Where judgements, labels and the calibration lie: under the home folder, none of them shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from agent.errors import ConfigError
from evals.judge.calibration import Calibration
from evals.judge.judging import Judgement
from evals.running.disk import write_whole

_VERDICTS: Final = "verdicts.json"


class JudgeFileInvalid(ConfigError):
    """A file does not hold verdicts or a calibration."""


def judge_root(home: Path) -> Path:
    """The folder of everything the judge keeps."""
    return home / "evals" / "judge"


def labels_path(home: Path) -> Path:
    """Where people's labels go unless another file is named."""
    return judge_root(home) / "labels.jsonl"


def calibration_path(home: Path) -> Path:
    """The one calibration that can hold."""
    return judge_root(home) / "calibration.json"


def write_judgement(home: Path, judgement: Judgement) -> Path:
    """Write a run's verdicts in place of earlier ones; returns the file."""
    path = judge_root(home) / judgement.run_id / _VERDICTS
    _write(path, judgement.model_dump_json(indent=1))
    return path


def read_judgement(home: Path, run_id: str) -> Judgement | None:
    """The last verdicts on a run, None where there are none. Raises JudgeFileInvalid."""
    path = judge_root(home) / run_id / _VERDICTS
    try:
        return Judgement.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise JudgeFileInvalid(f"{path} does not hold verdicts: {error}. Judge the run again.") from error


def write_calibration(home: Path, calibration: Calibration) -> Path:
    """Write the calibration in place of an earlier one; returns the file."""
    path = calibration_path(home)
    _write(path, calibration.model_dump_json(indent=2))
    return path


def read_calibration(home: Path) -> Calibration | None:
    """The calibration, None where there is none. Raises JudgeFileInvalid."""
    path = calibration_path(home)
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise JudgeFileInvalid(f"{path} does not hold a calibration: {error}. Calibrate again.") from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, text + "\n")
