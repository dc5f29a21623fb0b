//! A Redis that forgets everything.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cargo::heading;
use crate::services::{Account, command, end_of, on_a_free_port};

/// A loaded machine takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it stops it.
pub(crate) struct Redis {
    child: Child,
    address: SocketAddr,
}

impl Redis {
    /// Serves an empty Redis.
    pub(crate) fn start(server: &Path, home: &Path, account: Option<&Account>) -> Result<Self> {
        heading("starting a private Redis");
        let log = home.join("redis.log");
        on_a_free_port(|port| {
            let mut redis = command(server, home, account);
            redis.args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--port",
                &port.to_string(),
            ]);
            let output = File::create(&log)?;
            redis.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
            // In a group of its own Ctrl-C does not reach it before the tests have ended.
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut redis, 0);
            let child = redis.spawn().context("redis-server could not be started")?;
            let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into() };
            server.wait_until_it_answers().with_context(|| end_of(&log))?;
            Ok(server)
        })
        .context("Redis does not start")
    }

    /// Where to connect.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("redis-server ended with {status}");
            }
            if ping(self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("redis-server does not answer")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let stopped = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = stopped {
            eprintln!("Redis on {} was not stopped: {error}", self.address);
        }
    }
}

fn ping(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    if &answer != b"+PONG\r\n" {
        bail!("something else than Redis answers");
    }
    Ok(())
}
