#!/usr/bin/env bash
# Proves that a fresh Debian 12 with git and make needs nothing else: in a new root it clones this
# checkout's HEAD and runs `make test` and `make demo` (or what is given as arguments).
# Needs root (debootstrap, chroot). MELDER_DEBIAN_MIRROR and MELDER_REHEARSAL_DIR are optional.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" -ne 0 ]; then
  echo "make rehearse builds a Debian root and therefore needs root: sudo make rehearse" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  infra/local/apt-get.sh update
  infra/local/apt-get.sh install -y --no-install-recommends debootstrap
fi

here="$PWD"
dir="${MELDER_REHEARSAL_DIR:-/var/tmp/melder-rehearsal}"
root="$dir/root"
base="$dir/base.tar"
port="${MELDER_REHEARSAL_PORT:-8123}"
mkdir -p "$dir"

clean_up() {
  for mount in src dev/shm dev proc sys; do
    mountpoint -q "$root/$mount" && umount --lazy "$root/$mount"
  done
  return 0
}
trap clean_up EXIT
clean_up
rm -rf --one-file-system "$root"

if [ ! -e "$base" ]; then
  echo "Building a minimal Debian 12 (kept in $base for the next time) …"
  debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root" ${MELDER_DEBIAN_MIRROR:+"$MELDER_DEBIAN_MIRROR"} >"$dir/debootstrap.log"
  tar -C "$root" -cf "$base.new" . && mv "$base.new" "$base"
else
  mkdir -p "$root" && tar -C "$root" -xf "$base"
fi

cp /etc/resolv.conf "$root/etc/resolv.conf"
# Behind a proxy of an organisation the machine's own certificate bundle is the one that works.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
install -d "$root/etc/dpkg/dpkg.cfg.d"
printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
mkdir -p "$root/src"
mount --bind "$here" "$root/src" && mount -o remount,bind,ro "$root/src"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"

inside() {
  env -i HOME=/home/citizen-lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    MELDER_PORT="$port" CI="${CI:-}" \
    chroot "$root" /bin/bash -euc "$1"
}

started="$(date +%s)"
inside "mkdir -p \$HOME && cd \$HOME && git config --global --add safe.directory '*' && git clone -q /src melder"
targets=("${@:-test demo}")
for target in ${targets[*]}; do
  echo "== make $target (fresh root) =="
  inside "cd \$HOME/melder && make $target"
  if [ "$target" = demo ]; then
    inside "cd \$HOME/melder && make -s demo-info && make -s status && make down"
  fi
done
echo "Rehearsal passed in $(( $(date +%s) - started )) s: ${targets[*]}"
