# What the scripts of this folder share; each sources it first.
# shellcheck shell=bash
dragoman=build/release/dragoman

die() { echo "${0##*/}: error: $*" >&2; exit 2; }

# The comment at the head of the script.
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; }

# To the project's root, where the program was built.
enter_project() {
  cd "$(dirname "$0")/../.." || exit
  [[ -x $dragoman ]] || die "no $dragoman; run scripts/setup and scripts/build"
}

machine() { echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores; $("$dragoman" --version)"; }

# Unless `more`, the user's flags of `dragoman train`, has a precision: the one that trains fastest on this processor, or on
# a GPU where `more` names it. Each learns as much (docs/performance.md).
choose_precision() {
  local name=bfloat16
  if [[ " ${more[*]} " == *" --precision"[\ =]* ]]; then return; fi
  [[ " ${more[*]} " == *cuda* ]] || name=$("$dragoman" doctor | sed -n 's/^training .*--precision \([a-z0-9]*\).*/\1/p')
  more+=(--precision "${name:-float32}")
}
