//! One rating out of results against several engines whose ratings are known, by maximum likelihood on Elo's logistic
//! scale. A draw counts as half a win and half a loss, which makes the interval rather too wide than too narrow.

use super::elo::expected;

/// What was scored against one anchor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnchorResult {
    /// The anchor's Elo.
    pub rating: f64,
    /// Games.
    pub games: u64,
    /// Points out of them.
    pub points: f64,
}

/// A rating with its 95 % interval. The anchors' own errors are not in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// The most likely one; infinite if all was won or lost.
    pub value: f64,
    /// Where the interval begins; infinite if all was lost.
    pub low: f64,
    /// Where it ends; infinite if all was won.
    pub high: f64,
}

/// Of twice the log-likelihood ratio, at 95 %: the quantile of the chi-squared distribution with one degree of freedom.
const CHI_SQUARED_95: f64 = 3.841_458_820_694_124;
/// Beyond all anchors by so much nothing is looked for.
const FAR: f64 = 4000.0;

/// The rating that makes the results most likely, and those that are not much less likely. `None` without games.
#[must_use]
pub fn rate(results: &[AnchorResult]) -> Option<Rating> {
    let played: Vec<_> = results.iter().filter(|result| result.games > 0).collect();
    let ratings = || played.iter().map(|result| result.rating);
    let low = ratings().reduce(f64::min)? - FAR;
    let high = ratings().reduce(f64::max)? + FAR;
    let points: f64 = played.iter().map(|result| result.points).sum();
    let games: f64 = played.iter().map(|result| result.games as f64).sum();

    // The points expected at the most likely rating are those scored.
    let surplus = |rating: f64| {
        let expected: f64 = played
            .iter()
            .map(|result| result.games as f64 * expected(rating - result.rating))
            .sum();
        points - expected
    };
    let log_likelihood = |rating: f64| -> f64 {
        let of = |result: &&AnchorResult| {
            let score = expected(rating - result.rating);
            let lost = result.games as f64 - result.points;
            let term = |points: f64, chance: f64| {
                if points > 0.0 {
                    points * chance.ln()
                } else {
                    0.0
                }
            };
            term(result.points, score) + term(lost, 1.0 - score)
        };
        played.iter().map(of).sum()
    };
    let value = if points <= 0.0 {
        f64::NEG_INFINITY
    } else if points >= games {
        f64::INFINITY
    } else {
        root(low, high, surplus)
    };
    let best = if value.is_finite() {
        log_likelihood(value)
    } else {
        0.0
    };
    let deficit = |rating: f64| 2.0 * (best - log_likelihood(rating)) - CHI_SQUARED_95;
    Some(Rating {
        value,
        low: if points <= 0.0 {
            f64::NEG_INFINITY
        } else {
            root(low, value.min(high), deficit)
        },
        high: if points >= games {
            f64::INFINITY
        } else {
            root(value.max(low), high, |rating| -deficit(rating))
        },
    })
}

/// Where `falling` passes 0.
fn root(mut low: f64, mut high: f64, falling: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if falling(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn result(rating: f64, games: u64, points: f64) -> AnchorResult {
        AnchorResult {
            rating,
            games,
            points,
        }
    }

    #[test]
    fn one_anchor_gives_its_rating_and_the_difference() {
        let rating = rate(&[result(2000.0, 100, 75.0)]).unwrap();
        assert!(
            (rating.value - 2_190.848_501_887_865).abs() < 1e-6,
            "{rating:?}"
        );
        // Computed apart, by walking until the likelihood has fallen far enough.
        assert!((rating.low - 2114.8344).abs() < 1e-3, "{rating:?}");
        assert!((rating.high - 2272.8239).abs() < 1e-3, "{rating:?}");
    }

    #[test]
    fn results_on_both_sides_meet_in_the_middle() {
        let both = [result(1900.0, 50, 40.0), result(2100.0, 50, 10.0)];
        let rating = rate(&both).unwrap();
        assert!((rating.value - 2000.0).abs() < 1e-6, "{rating:?}");
        assert!((rating.value - rating.low - (rating.high - rating.value)).abs() < 1e-6);
        let alone = rate(&both[..1]).unwrap();
        assert!(rating.high - rating.low < alone.high - alone.low);
    }

    #[test]
    fn all_won_is_bounded_from_below_only() {
        let rating = rate(&[result(2000.0, 20, 20.0)]).unwrap();
        assert_eq!((rating.value, rating.high), (f64::INFINITY, f64::INFINITY));
        // 0.5 ^ (1/20 * ...): the score whose 20th power is exp(-3.84 / 2).
        let score = (-CHI_SQUARED_95 / 40.0).exp();
        let known = 2000.0 + super::super::elo(score);
        assert!((rating.low - known).abs() < 1e-6, "{rating:?}");
        let lost = rate(&[result(2000.0, 20, 0.0)]).unwrap();
        assert_eq!(
            (lost.value, lost.low),
            (f64::NEG_INFINITY, f64::NEG_INFINITY)
        );
        assert!((lost.high - (4000.0 - known)).abs() < 1e-6, "{lost:?}");
    }

    #[test]
    fn nothing_played_is_no_rating() {
        assert_eq!(rate(&[]), None);
        assert_eq!(rate(&[result(2000.0, 0, 0.0)]), None);
    }
}
