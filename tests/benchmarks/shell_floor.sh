#!/bin/sh
# The floor of a run: the git work of some tasks, three at a time, without anything that decides, records or recovers.
# Worktrees are added and removed one at a time, as they must be: git loses that race now and then.
# usage: shell_floor.sh REPOSITORY NUMBER...
set -eu
cd "$1"
shift
mkdir -p .floor
printf '%s\n' "$@" | xargs -P 3 -n 1 sh -c '
  set -eu
  tree=$PWD/.floor/$1
  flock .floor/lock git worktree add --quiet --no-checkout --no-track -b "floor/$1" "$tree" main >/dev/null 2>&1
  cd "$tree"
  git read-tree -m -u HEAD
  /bin/sh -c "echo done >made-$1.txt"
  git add --all
  git commit --quiet --message "Task $1"
  git push --quiet origin "floor/$1"
  cd ../..
  flock .floor/lock git worktree remove --force "$tree"
' task
