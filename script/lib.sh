# shellcheck shell=bash
# What script/demo and script/test share: saying what happens, and installing what is missing on
# Debian. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # for those who source this
tools=$root/.tools
# rustup installs here and a fresh shell may not know it yet.
export PATH="${HOME:-/root}/.cargo/bin:$PATH"

say() { printf '==> %s\n' "$*"; }

# die WHAT HOW: the first line says what is missing, the others how to get it.
die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  printf '       %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# step TITLE COMMAND...: says what runs, and how long it took.
step() {
  local title=$1 started=$SECONDS
  shift
  say "$title"
  "$@" || die "$title: failed" "the command was: $*"
  say "$title: $((SECONDS - started)) s"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages NAME...: those Debian packages that are not installed.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  have apt-get || die "missing: ${missing[*]}" \
    "this is not Debian: install what these packages hold with your own package manager"
  [ "$(id -u)" -eq 0 ] || have sudo || die "missing: ${missing[*]}" \
    "neither root nor sudo here; as root: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  as_root apt-get update -qq ||
    die "the package lists cannot be fetched" "check the network and /etc/apt/sources.list"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "cannot install ${missing[*]}" "apt-get install ${missing[*]}"
}

# The compiler version the workspace asks for.
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml"; }

has_rust() {
  have cargo && have rustc || return 1
  local found
  found=$(cd "$root" && rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
  [ -n "$found" ] &&
    [ "$(printf '%s\n%s\n' "$(wanted_rust)" "$found" | sort -V | head -n 1)" = "$(wanted_rust)" ]
}

# A C compiler for SQLite and the cryptography library, and Rust by rustup if it is missing or old.
ensure_rust() {
  install_packages gcc libc6-dev ca-certificates
  has_rust && return
  local wanted
  wanted=$(wanted_rust)
  say "installing Rust (this needs $wanted or newer)"
  if have rustup; then
    rustup toolchain install stable --profile minimal --component clippy,rustfmt &&
      rustup default stable
  else
    install_packages curl
    local installer
    installer=$(mktemp)
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs -o "$installer" &&
      sh "$installer" -y --quiet --profile minimal --component clippy,rustfmt
    rm -f "$installer"
  fi || true
  hash -r
  has_rust || die "Rust $wanted or newer is not here and could not be installed" \
    "follow https://rustup.rs, or put cargo and rustc $wanted on the PATH, and run this again"
}
