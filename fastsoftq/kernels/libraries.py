"""What LLVM does with the code of a function, by what the function is for."""

from __future__ import annotations

from typing import Any

from llvmlite import binding as llvm
from numba.core.codegen import JITCodeLibrary

__all__ = ["Ingredients", "OptimisedWhole", "Plainly"]


class OptimisedWhole(JITCodeLibrary):
    """Code that is optimised once it is whole: Numba also optimises each function before it is linked to others."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout


class Ingredients(OptimisedWhole):
    """Code that is only linked into its callers, which optimise it; it never runs by itself."""

    def finalize(self) -> None:
        """Link nothing: whoever needs this code links `parts`, each once, where Numba would link copies of copies."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"  # or Numba would do so in another copy
        self._finalized = True

    @property
    def parts(self) -> list[Any]:
        """It and all that it needs, callers first: LLVM links such functions only where one is called."""
        return list(dict.fromkeys([self, *self._linking_libraries]))


class Plainly(OptimisedWhole):
    """A loop's code, optimised once and little: what takes long in it is compiled apart."""

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager(opt=1, loop_vectorize=False, slp_vectorize=False)
        passes.run(self._final_module, builder)
