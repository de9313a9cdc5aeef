import inspect

import fastsoftq.statistics as fss


def test_public_names_exist_and_are_documented():
    assert fss.__all__ == sorted(fss.__all__, key=lambda name: (name[0].islower(), name))
    for name in fss.__all__:
        assert inspect.getdoc(getattr(fss, name)), name


def test_results_are_frozen():
    for name in fss.__all__:
        cls = getattr(fss, name)
        if inspect.isclass(cls) and not issubclass(cls, tuple):
            assert cls.__dataclass_params__.frozen, name
