# SPDX-License-Identifier: Apache-2.0
"""Every call that opens, makes, moves or removes, with what it may be asked for, in one directory:
`opened.py DIRECTORY` prints what each returned and what it left, as JSON. closed.py compares. Raw system
calls of x86-64, so that no library chooses another one. It is run without nono, too: nothing here may touch
what is not below DIRECTORY."""
import ctypes
import fcntl
import json
import os
import signal
import stat
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NR = {'open': 2, 'openat': 257, 'creat': 85, 'mkdir': 83, 'mkdirat': 258, 'rmdir': 84, 'unlink': 87, 'unlinkat': 263,
      'rename': 82, 'renameat': 264, 'renameat2': 316, 'link': 86, 'linkat': 265, 'symlink': 88, 'symlinkat': 266,
      'mknod': 133, 'mknodat': 259, 'truncate': 76, 'openat2': 437}
CWD = -100
R, W, RW, CREAT, EXCL, TRUNC, APPEND = os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_EXCL, os.O_TRUNC, os.O_APPEND
DIRECTORY, PATH, NOFOLLOW, NONBLOCK, CLOEXEC = os.O_DIRECTORY, os.O_PATH, os.O_NOFOLLOW, os.O_NONBLOCK, os.O_CLOEXEC
NOREPLACE, EXCHANGE, WHITEOUT, REMOVEDIR, FOLLOW = 1, 2, 4, 0x200, 0x400
LARGEFILE = 0o100000


def call(name, *arguments):
    """The result, or the name of the error."""
    result = libc.syscall(NR[name], *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result >= 0:
        return result
    error = ctypes.get_errno()
    return os.strerror(error)


def described(fd):
    """What a descriptor is, closing it."""
    if not isinstance(fd, int):
        return fd
    try:
        st = os.fstat(fd)
        flags = fcntl.fcntl(fd, fcntl.F_GETFL) & ~LARGEFILE & ~NOFOLLOW
        said = [stat.filemode(st.st_mode), flags, fcntl.fcntl(fd, fcntl.F_GETFD)]
        if stat.S_ISREG(st.st_mode) and not flags & PATH:
            if flags & os.O_ACCMODE in (R, RW):
                said.append(os.pread(fd, 100, 0).decode(errors='replace'))
            if flags & os.O_ACCMODE in (W, RW):
                said.append(os.write(fd, b'+'))
        if stat.S_ISDIR(st.st_mode) and not flags & PATH:
            said.append(len([e for e in os.listdir(fd) if e == 'file']))
        return said
    finally:
        os.close(fd)


def write(name, text):
    with open(name, 'w') as file:
        file.write(text)


def snapshot(top):
    """All that is below it."""
    found = []
    for folder, folders, files in os.walk(top):
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            st = os.lstat(path)
            what = [os.path.relpath(path, top), stat.filemode(st.st_mode), st.st_nlink if not
                    stat.S_ISDIR(st.st_mode) else 0]
            if stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(path))
            if stat.S_ISREG(st.st_mode) and os.access(path, os.R_OK):
                with open(path) as file:
                    what.append(file.read(100))
            found.append(what)
    return sorted(found)


def populate():
    os.mkdir('dir')
    os.mkdir('full'), write('full/file', 'f')
    write('file', 'content')
    write('unreadable', 'x'), os.chmod('unreadable', 0)
    os.symlink('file', 'to-file'), os.symlink('dir', 'to-dir'), os.symlink('nowhere', 'dangling')
    os.symlink('loop', 'loop'), os.symlink(os.path.abspath('file'), 'absolute')
    os.symlink('dir/../to-file', 'far'), os.symlink('.', 'self')
    os.mkfifo('fifo')


OPENS = [
    (name, flags, mode)
    for name in ('file', 'dir', 'absent', 'to-file', 'to-dir', 'dangling', 'loop', 'absolute', 'far', 'self',
                 'file/', 'dir/', 'absent/', 'file/x', 'dir/x', 'no/x', '.', '..', 'dir/.', 'dir/..', './/file', 'self/self/file',
                 'unreadable', 'x' * 255, 'x' * 256, 'dir/../file', '')
    for flags, mode in (
        (R, 0), (W, 0), (RW, 0), (R | CLOEXEC, 0), (W | TRUNC, 0), (W | APPEND, 0), (R | DIRECTORY, 0), (R | NOFOLLOW, 0),
        (PATH, 0), (PATH | NOFOLLOW, 0), (PATH | DIRECTORY | CLOEXEC, 0), (R | NONBLOCK, 0), (3, 0), (R | TRUNC, 0),
        (W | CREAT, 0o666), (RW | CREAT | EXCL, 0o600), (W | CREAT | TRUNC | CLOEXEC, 0o755), (R | CREAT, 0o444),
        (W | CREAT | NOFOLLOW, 0o666), (R | CREAT | DIRECTORY, 0o666), (W | CREAT | APPEND, 0o1777))]


def directories(at):
    yield 'mkdir', call('mkdir', b'made', 0o777)
    yield 'mkdir again', call('mkdir', b'made', 0o777)
    yield 'mkdir slash', call('mkdir', b'made2/', 0o700)
    yield 'mkdirat', call('mkdirat', at, b'made3', 0o1777)
    yield 'mkdir nowhere', call('mkdir', b'no/made', 0o777)
    yield 'mkdir in file', call('mkdir', b'file/made', 0o777)
    yield 'mkdir dot', call('mkdir', b'.', 0o777)
    yield 'mkdir symlink', call('mkdir', b'to-dir', 0o777)
    yield 'mkdir dangling', call('mkdir', b'dangling', 0o777)
    yield 'mkdir long', call('mkdir', b'y' * 256, 0o777)
    yield 'mkdir through', call('mkdir', b'to-dir/inner', 0o777)
    yield 'mkdir bad address', call('mkdir', 1, 0o777)
    yield 'mkdirat bad descriptor', call('mkdirat', 999, b'x', 0o777)
    yield 'rmdir full', call('rmdir', b'full')
    yield 'rmdir', call('rmdir', b'made')
    yield 'rmdir file', call('rmdir', b'file')
    yield 'rmdir dot', call('rmdir', b'.')
    yield 'rmdir dotdot', call('rmdir', b'dir/..')
    yield 'rmdir absent', call('rmdir', b'absent')
    yield 'rmdir symlink', call('rmdir', b'to-dir')
    yield 'unlinkat directory', call('unlinkat', at, b'made3', REMOVEDIR)
    yield 'rmdir slash', call('rmdir', b'made2/')


def removals(at):
    yield 'unlink', call('unlink', b'file')
    yield 'unlink absent', call('unlink', b'file')
    yield 'unlink directory', call('unlink', b'dir')
    yield 'unlink slash', call('unlink', b'to-file/')
    yield 'unlink symlink', call('unlink', b'to-file')
    yield 'unlink fifo', call('unlinkat', at, b'fifo', 0)
    yield 'unlink flags', call('unlinkat', at, b'absolute', 0x10)
    yield 'unlink dot', call('unlink', b'dir/.')


def renames(at):
    yield 'rename', call('rename', b'file', b'other')
    yield 'rename absent', call('rename', b'file', b'else')
    yield 'rename over', (write('file', '2'), call('rename', b'file', b'other'))[1]
    yield 'rename into', call('rename', b'other', b'dir/other')
    yield 'renameat', call('renameat', at, b'dir/other', at, b'back')
    yield 'rename directory', call('rename', b'dir', b'full/dir')
    yield 'rename into itself', call('rename', b'full', b'full/dir/full')
    yield 'rename over full', call('rename', b'full/dir', b'full')
    yield 'rename over file', call('rename', b'full/dir', b'back')
    yield 'rename file over directory', call('rename', b'back', b'full/dir')
    yield 'rename slash', call('rename', b'full/dir/', b'dir2/')
    yield 'rename file slash', call('rename', b'back/', b'z')
    yield 'rename no replace', call('renameat2', at, b'back', at, b'to-file', NOREPLACE)
    yield 'rename no replace free', call('renameat2', at, b'back', at, b'free', NOREPLACE)
    yield 'rename exchange', call('renameat2', at, b'free', at, b'dir2', EXCHANGE)
    yield 'rename exchange absent', call('renameat2', at, b'free', at, b'q', EXCHANGE)
    yield 'rename both', call('renameat2', at, b'free', at, b'q', EXCHANGE | NOREPLACE)
    yield 'rename dot', call('rename', b'.', b'x')
    yield 'rename symlink', call('rename', b'to-file', b'to-file2')


def links(at):
    yield 'link', call('link', b'file', b'hard')
    yield 'link again', call('link', b'file', b'hard')
    yield 'link into', call('linkat', at, b'file', at, b'dir/hard', 0)
    yield 'link directory', call('link', b'dir', b'hard2')
    yield 'link absent', call('link', b'absent', b'hard2')
    yield 'link symlink', call('link', b'to-file', b'hard3')
    yield 'link followed', call('linkat', at, b'to-file', at, b'hard4', FOLLOW)
    yield 'link flags', call('linkat', at, b'file', at, b'hard5', 0x4000)
    yield 'symlink', call('symlink', b'any thing', b'soft')
    yield 'symlink again', call('symlink', b'x', b'soft')
    yield 'symlink empty', call('symlink', b'', b'soft2')
    yield 'symlinkat', call('symlinkat', b'../x', at, b'dir/soft')
    yield 'symlink slash', call('symlink', b'x', b'soft3/')


def nodes(at):
    yield 'mknod', call('mknod', b'n1', 0o644, 0)
    yield 'mknod file', call('mknod', b'n2', stat.S_IFREG | 0o600, 0)
    yield 'mknod fifo', call('mknodat', at, b'n3', stat.S_IFIFO | 0o666, 0)
    yield 'mknod again', call('mknod', b'n3', stat.S_IFIFO | 0o666, 0)
    yield 'mknod directory', call('mknod', b'n4', stat.S_IFDIR | 0o666, 0)
    yield 'truncate', call('truncate', b'file', 3)
    yield 'truncate symlink', call('truncate', b'to-file', 2)
    yield 'truncate longer', call('truncate', b'file', 5)
    yield 'truncate directory', call('truncate', b'dir', 5)
    yield 'truncate absent', call('truncate', b'absent', 5)
    yield 'truncate negative', call('truncate', b'file', -5)


def fifos(at):
    yield 'without a reader', described(call('open', b'fifo', W | NONBLOCK, 0))
    yield 'non-blocking', described(call('open', b'fifo', R | NONBLOCK, 0))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(described(call('open', b'fifo', R, 0))))
    thread.start()
    yield 'waits', described(call('open', b'fifo', W, 0))
    thread.join()
    yield 'waited', answers
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, True)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    yield 'interrupted', described(call('open', b'fifo', R, 0))
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    threading.Timer(0.6, lambda: os.close(os.open('fifo', W))).start()
    yield 'restarted', described(call('open', b'fifo', R, 0))


def descriptors(at):
    for how in R, PATH:
        fd = os.open('dir', how | DIRECTORY)
        os.close(os.open('inner', CREAT | W, 0o600, dir_fd=fd))
        yield f'at {how}', described(call('openat', fd, b'inner', RW, 0))
        yield f'above {how}', described(call('openat', fd, b'../file', R, 0))
        yield f'by number {how}', described(call('open', f'/proc/self/fd/{fd}/inner'.encode(), R, 0))
        yield f'itself {how}', described(call('open', f'/proc/self/fd/{fd}'.encode(), R, 0))
        yield f'the same {how}', described(call('openat', fd, b'.', R | DIRECTORY, 0))
        os.close(fd)
    fd = os.open('file', R)
    yield 'again', described(call('open', f'/dev/fd/{fd}'.encode(), RW, 0))
    yield 'nofollow', described(call('open', f'/proc/self/fd/{fd}'.encode(), R | NOFOLLOW, 0))
    yield 'file as directory', described(call('openat', fd, b'x', R, 0))
    fd = os.open('file', PATH)
    yield 'O_PATH again', described(call('open', f'/proc/self/fd/{fd}'.encode(), R, 0))
    os.chdir('dir')
    yield 'cwd', described(call('open', b'../file', R, 0))
    yield 'bad descriptor', call('openat', 999, b'x', R, 0)
    yield 'absolute, bad descriptor', described(call('openat', 999, b'/dev/null', RW, 0))
    yield 'bad address', call('open', 1, R, 0)
    os.chdir('..')


def others(at):
    os.umask(0o027)
    yield 'umask', described(call('creat', b'masked', 0o777)), os.mkdir('masked-d')
    os.umask(0)
    yield 'no umask', described(call('openat', at, b'free', W | CREAT, 0o777))
    os.umask(0o022)
    yield 'creat', described(call('creat', b'file', 0o600))
    yield 'creat directory', described(call('creat', b'dir', 0o600))
    yield 'device', described(call('open', b'/dev/null', RW, 0))
    os.symlink('/etc/passwd', 'outside')
    yield 'read outside', described(call('open', b'outside', R, 0))[0]


def main():
    top = sys.argv[1]
    os.umask(0o022)
    said = []
    for group in directories, removals, renames, links, nodes, fifos, descriptors, others:
        os.mkdir(os.path.join(top, group.__name__))
        os.chdir(os.path.join(top, group.__name__))
        populate()
        fd = os.open('.', R)
        said += [[group.__name__, *answer] for answer in group(fd)]
        os.close(fd)
        said.append([group.__name__, snapshot('.')])
        os.chdir(top)
    for i, (name, flags, mode) in enumerate(OPENS):
        folder = os.path.join(top, f'open{i}')
        os.mkdir(folder), os.chdir(folder)
        populate()
        said.append(['open', name, oct(flags), oct(mode), described(call('open' if i % 2 else 'openat', *(
            () if i % 2 else (CWD,)), name.encode(), flags, mode)), snapshot('.')])
        os.chdir(top)
    print(json.dumps(said))


if __name__ == '__main__':
    main()
