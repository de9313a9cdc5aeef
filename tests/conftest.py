from hypothesis import settings

settings.register_profile("fastsoftq", deadline=None, derandomize=True)
settings.load_profile("fastsoftq")
