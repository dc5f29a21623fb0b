//! What `deploy/` tells a machine to do is what the bot understands: the variables exist, the ports agree, nobody is
//! root, nothing has a password by default, and whatever stops the bot gives it the time to finish.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::house::House;

const EXAMPLE: &str = "deploy/alita.env.example";

/// Variables of PostgreSQL's and Redis's own images, and of build arguments.
const FOREIGN: &[&str] = &["POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"];

/// What must stand in which file, and why.
const MUSTS: &[(&str, &str, &str)] = &[
    (".dockerignore", "**/.env", "no layer of the image holds the settings of whoever builds it"),
    ("deploy/docker/Dockerfile", "USER 65532:65532", "the image is not root"),
    (
        "deploy/docker/Dockerfile",
        "CMD [\"/usr/local/bin/alita-bot\", \"health\"]",
        "the binary is its own health check",
    ),
    ("deploy/docker/Dockerfile", "--locked", "the image is built from the lock file"),
    (
        "deploy/docker/Dockerfile",
        "ENV ALITA_COMMIT=${ALITA_COMMIT}",
        "the metrics say which commit is running",
    ),
    ("xtask/src/release.rs", "(\"ALITA_COMMIT\", ", "the metrics say which commit is running"),
    ("deploy/docker/compose.yaml", "stop_grace_period: 70s", "the bot takes up to 60 seconds to finish"),
    ("deploy/docker/compose.yaml", "start_period: 60s", "the first start may migrate"),
    ("deploy/docker/compose.yaml", "read_only: true", "the image needs no writable root"),
    ("deploy/docker/compose.yaml", "ulimits: { core: 0 }", "no core dump holds the token"),
    ("deploy/docker/compose.yaml", "noeviction", "live state must not be thrown out"),
    ("deploy/docker/compose.yaml", "${POSTGRES_PASSWORD:?", "no password has a default"),
    ("deploy/docker/compose.yaml", "${REDIS_PASSWORD:?", "no password has a default"),
    (
        "deploy/kubernetes/alita.yaml",
        "terminationGracePeriodSeconds: 70",
        "the bot takes up to 60 seconds to finish",
    ),
    ("deploy/kubernetes/alita.yaml", "path: /livez", "a restart is decided by /livez"),
    ("deploy/kubernetes/alita.yaml", "path: /readyz", "traffic is decided by /readyz"),
    ("deploy/kubernetes/alita.yaml", "runAsNonRoot: true", "nobody is root"),
    ("deploy/kubernetes/alita.yaml", "kind: PodDisruptionBudget", "an update of the cluster leaves one bot"),
    ("deploy/alita-bot.service", "Type=notify", "the bot says when it is ready"),
    ("deploy/alita-bot.service", "WatchdogSec=", "a bot that hangs is started anew"),
    ("deploy/alita-bot.service", "TimeoutStopSec=70", "the bot takes up to 60 seconds to finish"),
    ("deploy/alita-bot.service", "NoNewPrivileges=yes", "the unit is locked down"),
    ("deploy/alita-bot.service", "LimitCORE=0", "no core dump holds the token"),
];

/// What must not stand in which file, and why.
const MUST_NOTS: &[(&str, &str, &str)] = &[(
    "deploy/kubernetes/alita.yaml",
    "prometheus.io/scrape",
    "whoever scrapes by it sends no METRICS_AUTH_TOKEN and is refused",
)];

static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*([A-Z][A-Z0-9_]+):\s").expect("a sound pattern"));
static PORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:EXPOSE |containerPort: |HTTP_PORT: "|[a-z]:)(\d{4,5})\b"#).expect("a sound pattern")
});

/// The problems.
pub(crate) fn check(house: &House) -> Vec<String> {
    let known: BTreeSet<&str> = house.text(EXAMPLE).unwrap_or_default().lines().filter_map(named).collect();
    let mut problems = Vec::new();
    for (path, text) in house.under(&["deploy/docker/", "deploy/kubernetes/"], "") {
        let variables = text.lines().filter_map(|line| Some(VARIABLE.captures(line)?.get(1)?.as_str()));
        for variable in variables.filter(|it| !known.contains(it) && !FOREIGN.contains(it)) {
            problems.push(format!("{path} sets {variable}, which {EXAMPLE} does not name"));
        }
        let ports = PORT.captures_iter(text).filter_map(|it| it.get(1)).map(|it| it.as_str());
        for port in ports.filter(|port| !["8080", "6379", "5432"].contains(port)) {
            problems.push(format!("{path} speaks of port {port}"));
        }
    }
    let lacks = |(path, must, _): &&(&str, &str, &str)| !house.text(path).unwrap_or_default().contains(must);
    problems
        .extend(MUSTS.iter().filter(lacks).map(|(path, must, why)| format!("{path} lacks `{must}`: {why}")));
    let has =
        |(path, must_not, _): &&(&str, &str, &str)| house.text(path).is_some_and(|it| it.contains(must_not));
    problems
        .extend(MUST_NOTS.iter().filter(has).map(|(path, what, why)| format!("{path} has `{what}`: {why}")));
    problems
}

/// The variable that a line of the example names.
fn named(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start_matches('#').split_once('=')?;
    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_ports_are_those_of_the_bot() {
        let house = House::of(&[
            (EXAMPLE, "BOT_TOKEN=\n#HTTP_PORT=8080\n# A comment = with an equals sign."),
            (
                "deploy/docker/compose.yaml",
                "  HTTP_PORT: \"8080\"\n  HTTPS_PORT: \"8443\"\n  POSTGRES_DB: alita\n",
            ),
            ("deploy/kubernetes/alita.yaml", "containerPort: 9090\nprometheus.io/scrape: \"true\""),
        ]);
        let problems = check(&house);
        for problem in [
            "deploy/docker/compose.yaml sets HTTPS_PORT, which deploy/alita.env.example does not name",
            "deploy/kubernetes/alita.yaml speaks of port 9090",
            "deploy/docker/Dockerfile lacks `USER 65532:65532`: the image is not root",
            "deploy/kubernetes/alita.yaml has `prometheus.io/scrape`: whoever scrapes by it sends no \
             METRICS_AUTH_TOKEN and is refused",
        ] {
            assert!(problems.iter().any(|it| it == problem), "{problem} is missing in {problems:#?}");
        }
        assert!(
            !problems.iter().any(|it| it.contains("POSTGRES_DB") || it.contains("HTTP_PORT,")),
            "{problems:#?}"
        );
    }
}
