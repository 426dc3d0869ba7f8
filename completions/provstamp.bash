#!/bin/bash

__provstamp_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__provstamp_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__provstamp_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__provstamp_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_provstamp() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __provstamp_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    who|log|find|verify|sessions|report|audit|watch|status|blame|git|run|ps|whoami|export|mcp|agent|doctor|help)
        # Offer subcommand argument completions
        "_provstamp_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'who log find verify sessions report audit watch status blame git run ps whoami export mcp agent doctor help' -- "${cur}"))
        ;;
    esac
}

_provstamp_who() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--files-from --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_log() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--files-from --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_find() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --exact --unstamped -x --one-file-system --git-dir -l --long -c --count --reverse --json --version -h --help)
    repeating_options=(--trust --state --type --name --exclude)
    non_repeating_options=(--files-from --session --intent --since --until --uid --user --comm --max-depth --format --sort --limit --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion find -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--intent')
        return
        ;;
    '--since')
        return
        ;;
    '--until')
        return
        ;;
    '--uid'|'--user')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion find -- --uid "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--comm')
        return
        ;;
    '--trust')
        __provstamp_add_completions -W 'kernel'$'\n''privileged'$'\n''advisory'
        return
        ;;
    '--state')
        __provstamp_add_completions -W 'ok'$'\n''unproven'$'\n''changed'$'\n''copied'$'\n''malformed'$'\n''unstamped'
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--format')
        return
        ;;
    '--sort')
        __provstamp_add_completions -W 'path'$'\n''time'$'\n''size'$'\n''session'
        return
        ;;
    '--limit')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_verify() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --strict --by-mtime --allow-unstamped -a --all -q --quiet --each -x --one-file-system --git-dir --json --version -h --help)
    repeating_options=(--type --name --exclude)
    non_repeating_options=(--files-from --max-depth --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_sessions() {
    repeating_flags=()
    non_repeating_flags=(-0 --null -x --one-file-system --git-dir --json --version -h --help)
    repeating_options=(--type --name --exclude)
    non_repeating_options=(--files-from --max-depth --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_report() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --exact -x --one-file-system --git-dir -l --long --markdown --csv --html --json --version -h --help)
    repeating_options=(--type --name --exclude)
    non_repeating_options=(--files-from --session --max-depth --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion report -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_audit() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --exact -x --one-file-system --git-dir -l --long --markdown --csv --html --json --version -h --help)
    repeating_options=(--type --name --exclude)
    non_repeating_options=(--files-from --session --max-depth --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion audit -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_watch() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --exact --unstamped -x --one-file-system --git-dir --json --version -h --help)
    repeating_options=(--trust --state --type --name --exclude)
    non_repeating_options=(--files-from --session --intent --since --until --uid --user --comm --max-depth --color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion watch -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--intent')
        return
        ;;
    '--since')
        return
        ;;
    '--until')
        return
        ;;
    '--uid'|'--user')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion watch -- --uid "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--comm')
        return
        ;;
    '--trust')
        __provstamp_add_completions -W 'kernel'$'\n''privileged'$'\n''advisory'
        return
        ;;
    '--state')
        __provstamp_add_completions -W 'ok'$'\n''unproven'$'\n''changed'$'\n''copied'$'\n''malformed'$'\n''unstamped'
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_status() {
    repeating_flags=()
    non_repeating_flags=(--exact --mine --others --unknown -0 --null --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--session --color)
    __provstamp_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion status -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __provstamp_add_completions -d
        return
        ;;
    esac
}

_provstamp_blame() {
    repeating_flags=()
    non_repeating_flags=(-w --porcelain --json --version -h --help)
    repeating_options=(-L)
    non_repeating_options=(--revision --color)
    __provstamp_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '-L')
        return
        ;;
    '--revision')
        return
        ;;
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_git() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    install-hook|remove-hook|show-hook|guard|record|trailers)
        # Offer subcommand argument completions
        "_provstamp_git_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'install-hook remove-hook show-hook guard record trailers' -- "${cur}"))
        ;;
    esac
}

_provstamp_git_install-hook() {
    repeating_flags=()
    non_repeating_flags=(--shared --version -h --help)
    repeating_options=()
    non_repeating_options=(-C)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '-C')
        __provstamp_add_completions -d
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -W 'pre-commit'$'\n''post-commit'$'\n''prepare-commit-msg'
        return
        ;;
    esac
}

_provstamp_git_remove-hook() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(-C)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '-C')
        __provstamp_add_completions -d
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -W 'pre-commit'$'\n''post-commit'$'\n''prepare-commit-msg'
        return
        ;;
    esac
}

_provstamp_git_show-hook() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(-C)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '-C')
        __provstamp_add_completions -d
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -W 'pre-commit'$'\n''post-commit'$'\n''prepare-commit-msg'
        return
        ;;
    esac
}

_provstamp_git_guard() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 0
}

_provstamp_git_record() {
    repeating_flags=()
    non_repeating_flags=(-q --quiet --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 0
}

_provstamp_git_trailers() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options -1
}

_provstamp_run() {
    repeating_flags=()
    non_repeating_flags=(--user-namespace --print-id -q --quiet -v --verbose --version -h --help)
    repeating_options=()
    non_repeating_options=(--name --id --intent --budget --id-file)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--id')
        return
        ;;
    '--intent')
        return
        ;;
    '--budget')
        return
        ;;
    '--id-file')
        __provstamp_add_completions -f
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion run -- positional@0 "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_provstamp_ps() {
    repeating_flags=()
    non_repeating_flags=(-a --all --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __provstamp_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_provstamp_whoami() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __provstamp_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac
}

_provstamp_export() {
    repeating_flags=()
    non_repeating_flags=(-0 --null --exact -x --one-file-system --git-dir --version -h --help)
    repeating_options=(--type --name --exclude)
    non_repeating_options=(--format --key --files-from --session --max-depth)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--format')
        __provstamp_add_completions -W 'agent-trace'$'\n''in-toto'$'\n''prov-json'$'\n''ocsf'
        return
        ;;
    '--key')
        __provstamp_add_completions -f
        return
        ;;
    '--files-from')
        __provstamp_add_completions -f
        return
        ;;
    '--session')
        __provstamp_add_completions -W "$(__provstamp_custom_complete ---completion export -- --session "${COMP_CWORD}" "$(__provstamp_cursor_index_in_current_word)")"
        return
        ;;
    '--type')
        __provstamp_add_completions -W 'f'$'\n''d'$'\n''l'$'\n''p'$'\n''s'$'\n''b'$'\n''c'$'\n''any'
        return
        ;;
    '--name')
        return
        ;;
    '--exclude')
        return
        ;;
    '--max-depth')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -f
        return
        ;;
    esac
}

_provstamp_mcp() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 0
}

_provstamp_agent() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    show|install|remove)
        # Offer subcommand argument completions
        "_provstamp_agent_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'show install remove' -- "${cur}"))
        ;;
    esac
}

_provstamp_agent_show() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 2

    # Offer positional completions
    case "${positional_number}" in
    1)
        __provstamp_add_completions -W 'claude-code'$'\n''cursor'$'\n''gemini'$'\n''codex'
        return
        ;;
    2)
        __provstamp_add_completions -d
        return
        ;;
    esac
}

_provstamp_agent_install() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 2

    # Offer positional completions
    case "${positional_number}" in
    1)
        __provstamp_add_completions -W 'claude-code'$'\n''cursor'$'\n''gemini'$'\n''codex'
        return
        ;;
    2)
        __provstamp_add_completions -d
        return
        ;;
    esac
}

_provstamp_agent_remove() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options 2

    # Offer positional completions
    case "${positional_number}" in
    1)
        __provstamp_add_completions -W 'claude-code'$'\n''cursor'$'\n''gemini'$'\n''codex'
        return
        ;;
    2)
        __provstamp_add_completions -d
        return
        ;;
    esac
}

_provstamp_doctor() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--color)
    __provstamp_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--color')
        __provstamp_add_completions -W 'auto'$'\n''always'$'\n''never'
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    *)
        __provstamp_add_completions -d
        return
        ;;
    esac
}

_provstamp_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __provstamp_offer_flags_options -1
    __provstamp_add_completions -W 'who'$'\n''log'$'\n''find'$'\n''verify'$'\n''sessions'$'\n''report'$'\n''audit'$'\n''watch'$'\n''status'$'\n''blame'$'\n''git'$'\n''run'$'\n''ps'$'\n''whoami'$'\n''export'$'\n''mcp'$'\n''agent'$'\n''doctor'
}

_provstamp_without_equals() {
    local -a words=()
    local -i index cursor="${COMP_CWORD}"
    for index in "${!COMP_WORDS[@]}"; do
        if [[ "${COMP_WORDS[index]}" != = || "${COMP_WORDS[index - 1]}" != --* ]]; then
            words+=("${COMP_WORDS[index]}")
        elif [[ "${index}" -eq "${COMP_CWORD}" ]]; then
            words+=('')
        elif [[ "${index}" -lt "${COMP_CWORD}" ]]; then
            cursor=cursor-1
        fi
    done
    local -a COMP_WORDS=("${words[@]}")
    local -i COMP_CWORD=cursor
    _provstamp "${1}" "${words[cursor]}" "${words[cursor - 1]}"
}

complete -o filenames -F _provstamp_without_equals provstamp
