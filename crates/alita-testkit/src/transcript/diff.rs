//! Two texts line by line.

/// How many equal lines are shown around a difference.
const CONTEXT: usize = 3;

/// Shows what differs: `-` was written, `+` is what happened.
pub(super) fn lines(written: &str, real: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), real.lines().collect());
    let marked = marked(&old, &new);
    let mut shown = String::new();
    let mut skipping = false;
    for (at, (mark, line)) in marked.iter().enumerate() {
        let from = at.saturating_sub(CONTEXT);
        let near = marked.iter().skip(from).take(at - from + CONTEXT + 1).any(|(mark, _)| *mark != ' ');
        if !near {
            skipping = true;
            continue;
        }
        if std::mem::take(&mut skipping) {
            shown.push_str("  ...\n");
        }
        shown.push(*mark);
        shown.push(' ');
        shown.push_str(line);
        shown.push('\n');
    }
    shown
}

/// Every line with `-`, `+` or a blank, by the longest common subsequence.
fn marked<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            common[i * width + j] = if a == b {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut marked = Vec::with_capacity(old.len() + new.len());
    while i < old.len() || j < new.len() {
        let keep_old = i < old.len();
        if keep_old && j < new.len() && old[i] == new[j] {
            marked.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if keep_old && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            marked.push(('-', old[i]));
            i += 1;
        } else {
            marked.push(('+', new[j]));
            j += 1;
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_the_neighbourhood_of_a_difference_is_shown() {
        let written = "1\n2\n3\n4\n5\nold\n6\n7\n8\n9";
        let real = "1\n2\n3\n4\n5\nnew\n6\n7\n8\n9";
        assert_eq!(lines(written, real), "  ...\n  3\n  4\n  5\n- old\n+ new\n  6\n  7\n  8\n");
    }
}
