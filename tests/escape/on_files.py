# SPDX-License-Identifier: Apache-2.0
"""Attacks on files outside the grants."""
import ctypes
import os
import struct
import subprocess

from table import attack, call, nothing_here, reads


@attack('read a file outside')
def read(v):
    reads(v['secret'])


@attack('read it below /proc/self/root')
def read_by_root(v):
    reads('/proc/self/root' + v['secret'])


@attack('read it below the working directory of a process outside')
def read_by_cwd(v):
    reads(f'/proc/{v["pid"]}/cwd/secret')


@attack('read it below the root of a process outside')
def read_by_foreign_root(v):
    reads(f'/proc/{v["pid"]}/root{v["secret"]}')


@attack('read it with .. from the working directory')
def read_by_dots(v):
    reads('../outside/secret')


@attack('read it through a symlink made inside')
def read_by_symlink(v):
    os.path.lexists('way') and os.unlink('way')
    os.symlink(v['secret'], 'way')
    reads('way')


@attack('read it through a descriptor that was opened with O_PATH')
def read_by_path_descriptor(v):
    fd = os.open(v['secret'], os.O_PATH)
    reads(f'/proc/self/fd/{fd}')


@attack('read it below a directory that was opened with O_PATH')
def read_by_directory_descriptor(v):
    fd = os.open(v['outside'], os.O_PATH | os.O_DIRECTORY)
    os.close(os.open('secret', os.O_RDONLY, dir_fd=fd))


@attack('read it with openat2')
def read_by_openat2(v):
    call('openat2', -100, v['secret'].encode(), struct.pack('QQQ', os.O_RDONLY, 0, 0), 24)


@attack('read it by its handle', native='root')
def read_by_handle(v):
    handle, mount_id = ctypes.create_string_buffer(struct.pack('Ii', 128, 0), 136), ctypes.c_int()
    call('name_to_handle_at', -100, v['secret'].encode(), handle, ctypes.byref(mount_id), 0)
    root = os.open(v['outside'], os.O_RDONLY)
    os.close(call('open_by_handle_at', root, handle, os.O_RDONLY))


@attack('hard link it into the grant')
def link_in(v):
    os.path.lexists('linked') and os.unlink('linked')
    os.link(v['secret'], 'linked')
    os.unlink('linked')


@attack('hard link a descriptor of it into the grant')
def link_in_by_descriptor(v):
    os.path.lexists('linked') and os.unlink('linked')
    fd = os.open(v['secret'], os.O_PATH)
    call('linkat', -100, f'/proc/self/fd/{fd}'.encode(), -100, b'linked', 0x400)
    os.unlink('linked')


@attack('move it into the grant')
def rename_in(v):
    os.rename(v['victim'], 'moved')
    os.rename('moved', v['victim'])


@attack('move a granted file out')
def rename_out(v):
    open('mine', 'w').close()
    os.rename('mine', v['outside'] + '/mine')
    os.unlink(v['outside'] + '/mine')


@attack('list a directory outside')
def list_outside(v):
    os.listdir(v['outside'])


@attack('write a file outside')
def write(v):
    open(v['victim'], 'a').close()


@attack('truncate it')
def truncate(v):
    os.truncate(v['victim'], 1)


@attack('delete it')
def unlink(v):
    os.unlink(v['victim'])
    open(v['victim'], 'w').close()


@attack('create a file outside')
def create(v):
    os.close(os.open(v['outside'] + '/new', os.O_CREAT | os.O_WRONLY))
    os.unlink(v['outside'] + '/new')


@attack('create an unnamed file outside')
def create_unnamed(v):
    os.close(os.open(v['outside'], os.O_TMPFILE | os.O_WRONLY))


@attack('create a directory outside')
def mkdir(v):
    os.mkdir(v['outside'] + '/new')
    os.rmdir(v['outside'] + '/new')


@attack('create a symlink outside')
def symlink(v):
    os.symlink('x', v['outside'] + '/new')
    os.unlink(v['outside'] + '/new')


@attack('create a fifo outside')
def mkfifo(v):
    os.mkfifo(v['outside'] + '/new')
    os.unlink(v['outside'] + '/new')


@attack('execute a program outside')
def execute(v):
    subprocess.run([v['program']], check=True)


@attack('make a block device in the grant', native='root')
def make_device(v):
    os.path.lexists('device') and os.unlink('device')
    os.mknod('device', 0o60600, os.makedev(7, 0))
    os.unlink('device')


@attack('make a program that gives its user our rights')
def set_user_id(v):
    open('mine', 'w').close()
    os.chmod('mine', 0o4755)


@attack('get the rights of a set-user-id program', native='a file system with set-user-id and a '
        'user who is not root')
def use_set_user_id(v):
    if os.getuid() == 0:
        nothing_here('root has these rights')
    out = subprocess.run([v['setuid'], '-u'], capture_output=True, text=True, check=True).stdout
    if out.strip() != '0':
        raise PermissionError('no rights gained')


@attack('write the kernel\'s settings', native='root')
def write_sysctl(v):
    path = '/proc/sys/kernel/core_pattern'
    with open(path, 'r+') as file:
        value = file.read()
        file.seek(0)
        file.write(value)


@attack('make oneself the last to be killed for memory', native='CAP_SYS_RESOURCE')
def oom_score(v):
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write('-1000')


@attack('list what nono keeps at run time')
def nono_state(v):
    os.listdir(v['runtime'] + '/nono')
