"""The Littlest JupyterHub: copy this file to /opt/tljh/config/jupyterhub_config.d/freeweights.py."""

COURSE = "REPO"  # the last part of the course's address

c = get_config()  # noqa: F821  (JupyterHub defines it)
c.Spawner.environment.update(
    {
        # The library comes from the learner's own copy: one link updates lessons, data and library together.
        "PYTHONPATH": lambda spawner: f"/home/jupyter-{spawner.user.name}/{COURSE}/lib",
        # The real weights, fetched once for everybody.
        "FREEWEIGHTS_CACHE": "/srv/freeweights/weights",
        # A class keeps every processor busy: more threads for one learner would only wait for the others'.
        "OPENBLAS_NUM_THREADS": "1",
    }
)
