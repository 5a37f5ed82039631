"""Reads the settings of flow.yml that are needed outside the Flow."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from audiosearch.encoders.settings import EncoderSettings
from audiosearch.weights import PROJECT_DIR
from audiosearch.windows import WindowPlan

FLOW_YML = PROJECT_DIR / "flow.yml"


@dataclass(frozen=True)
class FlowSettings:
    """What the boxes of flow.yml are set to.

    Parameters
    ----------
    model, fallback : str
        The encoder wanted, and the one to use where its weights are absent.
    encoder : EncoderSettings
        How the encoder runs.
    windows : WindowPlan
        How recordings are cut.
    res_type : str
        The resampler.
    """

    model: str
    fallback: str | None
    encoder: EncoderSettings
    windows: WindowPlan
    res_type: str


def read_flow_yml(path: Path = FLOW_YML) -> dict[str, Any]:
    """Read flow.yml as it stands."""
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return config


def flow_settings(encoder: str | None = None, unverified_weights: bool = False) -> FlowSettings:
    """Read the settings of flow.yml.

    Parameters
    ----------
    encoder : str, optional
        An encoder to use in the YAML's stead, without fallback.
    unverified_weights : bool
        Accept weights that are not the published ones.
    """
    config = read_flow_yml()
    options = {box["name"]: box.get("uses_with", {}) for box in config["executors"]}
    own = options["encoder"] | encoder_options(encoder, unverified_weights)
    cut = options["segmenter"]
    known = {field.name for field in fields(EncoderSettings)}
    return FlowSettings(
        model=own["model"],
        fallback=own.get("fallback"),
        encoder=EncoderSettings(**{key: value for key, value in own.items() if key in known}),
        windows=WindowPlan(cut["window_size"], cut["stride"]),
        res_type=cut["res_type"],
    )


def encoder_options(encoder: str | None, unverified_weights: bool) -> dict[str, Any]:
    """Give the settings of the encoder box that the command line changes.

    Parameters
    ----------
    encoder, unverified_weights
        As of ``flow_settings``.
    """
    model = {"model": encoder, "fallback": None} if encoder else {}
    return model | ({"unverified_weights": True} if unverified_weights else {})
