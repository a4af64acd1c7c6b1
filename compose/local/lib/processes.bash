# shellcheck shell=bash
# Starting and ending processes by their id. Needs: S (the state folder); interrupted, not empty when to give up.
#
# pids/NAME.pid holds the id alone, so that `kill $(cat …)` works; pids/.NAME.born holds the start time, because an id
# alone may belong to another process by now. A record without its process means: it crashed.

say() { printf 'stack: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# run_as USER COMMAND…: as that user when we are root, else as we are
run_as() {
    local user=$1
    shift
    if is_root; then
        setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups --no-new-privs "$@"
    else
        "$@"
    fi
}

own() {
    if is_root; then chown -R "$1:" "${@:2}"; fi
}

# The start time of a process in clock ticks (field 22 of stat; the name in field 2 may contain blanks). A process whose first
# thread has ended is a zombie by then, but holds its files and ports until the others have ended too.
born() {
    local stat fields
    local -a threads
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    # Of one that is just ending the file may be empty.
    threads=("/proc/$1/task"/*)
    [[ ${fields[0]:-X} != [ZX] || ${#threads[@]} -gt 1 ]] && echo "${fields[19]}"
}

# alive NAME: prints the id of the process recorded under NAME, if it is still that process
alive() {
    local pid start
    { pid=$(<"$S/pids/$1.pid") && start=$(<"$S/pids/.$1.born"); } 2>/dev/null || return 1
    [ -n "$pid" ] && [ "$(born "$pid")" = "$start" ] && echo "$pid"
}

recorded() { [ -e "$S/pids/$1.pid" ]; }
forget() { rm -f "$S/pids/$1.pid" "$S/pids/.$1.born"; }

# all children of a process, and theirs
offspring() {
    local child
    while read -r -d ' ' child; do
        echo "$child"
        offspring "$child"
    done < <(cat "/proc/$1/task"/*/children 2>/dev/null)
}

# launch NAME USER COMMAND…: in a session of its own, so that Ctrl-C reaches only us
launch() {
    local name=$1 user=$2 pid
    local -a prefix=(setsid)
    shift 2
    if is_root && [ "$user" != root ]; then
        prefix+=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups --no-new-privs)
    fi
    (
        cd "$S" || exit 1
        umask 022
        exec "${prefix[@]}" "$@"
    ) </dev/null >>"$S/logs/$name.log" 2>&1 8<&- 9>&- &
    pid=$!
    disown "$pid" # the shell need not report how it ended
    born "$pid" >"$S/pids/.$name.born"
    echo "$pid" >"$S/pids/$name.pid"
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await NAME SECONDS CHECK…: until the check succeeds; false when the process ends before that or time is up
await() {
    local name=$1 deadline=$((SECONDS + $2))
    shift 2
    while [ "$SECONDS" -le "$deadline" ]; do
        [ -z "$interrupted" ] || return 1
        "$@" >/dev/null 2>&1 && return 0
        if ! alive "$name" >/dev/null; then
            forget "$name"
            say "$name ended while starting; the end of $S/logs/$name.log:"
            tail -n 15 "$S/logs/$name.log" >&2
            return 1
        fi
        sleep 0.05
    done
    say "$name does not answer; the end of $S/logs/$name.log:"
    tail -n 15 "$S/logs/$name.log" >&2
    return 1
}

gone() { ! alive "$1" >/dev/null; }

# kill_process NAME: SIGKILL, children included, none of which gets the time to do anything more
kill_process() {
    local name=$1 pid deadline=$((SECONDS + 10))
    local -a all
    if pid=$(alive "$name"); then
        kill -STOP "$pid" 2>/dev/null # or it could fork between the look and the kill
        mapfile -t all < <(offspring "$pid")
        all+=("$pid")
        kill -KILL "${all[@]}" 2>/dev/null
        for pid in "${all[@]}"; do
            while born "$pid" >/dev/null && [ "$SECONDS" -le "$deadline" ]; do sleep 0.02; done
        done
    fi
    forget "$name"
}

# stop_process NAME SIGNAL SECONDS: asks, waits, then kills
stop_process() {
    local name=$1 signal=$2 deadline=$((SECONDS + $3)) pid children
    if pid=$(alive "$name"); then
        children=$(offspring "$pid")
        kill "-$signal" "$pid" 2>/dev/null
        kill -CONT "$pid" 2>/dev/null
        # vsftpd leaves its sessions to themselves
        # shellcheck disable=SC2086
        [ "$name" = ftp ] && [ -n "$children" ] && kill -TERM $children 2>/dev/null
        until gone "$name"; do
            if [ "$SECONDS" -ge "$deadline" ]; then
                say "$name did not stop within $3 s: killing it"
                kill_process "$name"
            fi
            sleep 0.02
        done
    fi
    forget "$name"
}
