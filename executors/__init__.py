"""The microservices of ``flow.yml``: thin Jina classes over ``audiosearch``."""
