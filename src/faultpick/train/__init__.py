"""Training of networks from typed settings."""

from importlib.util import find_spec

from faultpick.errors import ConfigError


def require_lightning() -> None:
    """Check that the packages that only training needs are installed.

    Raises:
        ConfigError: They are not.
    """
    missing = [package for package in ("lightning", "tensorboard") if find_spec(package) is None]
    if missing:
        raise ConfigError(f"Training needs {' and '.join(missing)}: pip install 'faultpick[train]'.")
