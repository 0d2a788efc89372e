#!/bin/sh
### BEGIN INIT INFO
# Provides:          mail
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: a mail server that keeps what it is given in /var/mail/wiki
### END INIT INFO
pid=/run/mail.pid
case "$1" in
start)
	start-stop-daemon --start --background --make-pidfile --pidfile $pid --exec /usr/bin/python3 -- \
		-m aiosmtpd --nosetuid --listen 127.0.0.1:25 --class aiosmtpd.handlers.Mailbox /var/mail/wiki/box
	;;
stop)
	start-stop-daemon --stop --oknodo --remove-pidfile --pidfile $pid
	;;
restart)
	"$0" stop
	"$0" start
	;;
*)
	echo "usage: $0 start|stop|restart" >&2
	exit 3
	;;
esac
