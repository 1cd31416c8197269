use super::run_seed;

#[test]
fn a_seed_gives_the_same_run_each_time_and_another_seed_another() {
    let first = run_seed(1).unwrap();
    let again = run_seed(1).unwrap();
    let other = run_seed(3).unwrap();
    assert_eq!(first.broken, Vec::<String>::new());
    assert_eq!(other.broken, Vec::<String>::new());
    assert_eq!((first.digest, first.events), (again.digest, again.events));
    assert_eq!(first.plies, again.plies);
    assert_ne!(first.digest, other.digest);
}
