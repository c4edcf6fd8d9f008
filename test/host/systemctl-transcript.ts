/** Said by a real systemctl and by the model's. */
export const systemctlTranscript = {
  commands: [
    'systemctl show -p LoadState -p ActiveState -p SubState -p Result -p TasksCurrent -- fine.service',
    'systemctl --no-ask-password start -- fine.service',
    'systemctl show -p ActiveState -p SubState -- fine',
    'systemctl is-active -- fine.service',
    'systemctl --no-ask-password stop -- fine.service',
    'systemctl is-active -- fine.service',
    'systemctl --no-ask-password start -- broken.service',
    'systemctl show -p ActiveState -p SubState -p Result -- broken.service',
    'systemctl reset-failed -- broken.service',
    'systemctl reset-failed -- broken.service',
    'systemctl --no-ask-password start -- nosuch.service',
    'systemctl --no-ask-password stop -- nosuch.service',
    'systemctl show -p LoadState -p ActiveState -- nosuch.service',
    'timeout -k 5 0.5 systemctl --no-ask-password start -- slow.service',
    'systemctl is-active -- slow.service',
    'systemctl --no-ask-password stop -- slow.service',
    'timeout -k 5 1 sleep 60',
    'timeout 5 sh -c "echo through; exit 3"',
  ],
  expected: `
$ systemctl show -p LoadState -p ActiveState -p SubState -p Result -p TasksCurrent -- fine.service
Result=success
TasksCurrent=[not set]
LoadState=loaded
ActiveState=inactive
SubState=dead
= 0
$ systemctl --no-ask-password start -- fine.service
= 0
$ systemctl show -p ActiveState -p SubState -- fine
ActiveState=active
SubState=running
= 0
$ systemctl is-active -- fine.service
active
= 0
$ systemctl --no-ask-password stop -- fine.service
= 0
$ systemctl is-active -- fine.service
inactive
= 3
$ systemctl --no-ask-password start -- broken.service
Job for broken.service failed because the control process exited with error code.
See "systemctl status broken.service" and "journalctl -xeu broken.service" for details.
= 1
$ systemctl show -p ActiveState -p SubState -p Result -- broken.service
Result=exit-code
ActiveState=failed
SubState=failed
= 0
$ systemctl reset-failed -- broken.service
= 0
$ systemctl reset-failed -- broken.service
Failed to reset failed state of unit broken.service: Unit broken.service not loaded.
= 1
$ systemctl --no-ask-password start -- nosuch.service
Failed to start nosuch.service: Unit nosuch.service not found.
= 5
$ systemctl --no-ask-password stop -- nosuch.service
Failed to stop nosuch.service: Unit nosuch.service not loaded.
= 5
$ systemctl show -p LoadState -p ActiveState -- nosuch.service
LoadState=not-found
ActiveState=inactive
= 0
$ timeout -k 5 0.5 systemctl --no-ask-password start -- slow.service
= 124
$ systemctl is-active -- slow.service
activating
= 3
$ systemctl --no-ask-password stop -- slow.service
= 0
$ timeout -k 5 1 sleep 60
= 124
$ timeout 5 sh -c "echo through; exit 3"
through
= 3
`,
} as const;
