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

# The last line of each script: how to use the model that it trained.
say_how_to_use() { echo "echo \"$2\" | $dragoman translate --model $1"; }

# Sets `precision`: the one in `more`, the user's flags of `dragoman train`; else, and then `more` gets it, the one that trains
# fastest on this processor, or on a GPU where `more` names it. Each learns as much by an update
# (benchmarks/results/2026-11-27-training-peers.md).
choose_precision() {
  local i
  precision=""
  for ((i = 0; i < ${#more[@]}; i++)); do
    case ${more[i]} in
      --precision) precision=${more[i + 1]:-} ;;
      --precision=*) precision=${more[i]#*=} ;;
    esac
  done
  [[ -z $precision ]] || return 0
  if [[ " ${more[*]} " == *cuda* ]]; then
    precision=bfloat16
  else
    precision=$("$dragoman" doctor | sed -n 's/^training .*--precision \([a-z0-9]*\).*/\1/p')
  fi
  precision=${precision:-float32}
  more+=(--precision "$precision")
}
