# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bash's completion of provfs: two directories, and options, of which -o takes several with commas.

_provfs() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options='entry_timeout= attr_timeout= negative_timeout= passthrough=auto passthrough=on
    passthrough=off ring=auto ring=on ring=off attribution=exact one_file_system max_threads=
    allow_other noallow_other allow_root ro noexec nosuid nodev sync'
  COMPREPLY=()
  # A word with an equals sign in it is three words to bash.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
    options='auto on off exact'
    [[ ${COMP_WORDS[COMP_CWORD - 3]} != -o ]] || previous=-o
  fi
  if [[ $previous == -o ]]; then
    local before=
    [[ $current != *,* ]] || before=${current%,*},
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$options" -- "${current##*,}")
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '-f --foreground -d --debug -s -o -h --help -V --version' \
      -- "$current")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
  fi
}

complete -F _provfs provfs
