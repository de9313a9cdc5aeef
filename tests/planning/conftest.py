from hypothesis import settings

settings.register_profile("planning", deadline=None, derandomize=True)
settings.load_profile("planning")
