"""Property tests whose examples may take long on a busy machine: only what is wrong fails."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "show", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("show")
