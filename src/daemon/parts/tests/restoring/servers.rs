//! Earlier answers and a reload with another server.

use super::*;
use consul_watch::answer::ServiceTags;

/// The identity of the server after the reload.
const OTHER: &str = "http://127.0.0.1:8501/";

/// It was used for the new server.
#[test]
fn an_answer_of_the_server_before_a_reload_that_is_loaded_late_is_dropped() {
    let jobs = vec![job(r#"{{ key "a" }}"#, None)];
    let mut bench = start(RestorePolicy::WarmStart, jobs.clone());
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    let other = bench.renew_server(jobs, EarlierAnswers::WarmStart);
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), [""; 0], "it may answer");
    bench.unreachable(&key("a"));
    bench.pass(HALF_A_SECOND);
    assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
    loaded(&mut bench, &key("a"), Some(value("old")), Duration::ZERO);
    assert_eq!((bench.write(), restored(&bench)), (vec![], 0));
    let answer = LoadedAnswer {
        answer: value("new"),
        current_until: None,
    };
    let answers = vec![(key("a"), Ok(answer))];
    bench.step(Event::AnswersLoaded(other, answers));
    assert_eq!(bench.write(), ["new"]);
}

/// The sizes of the server before were written for one that does not answer.
#[test]
fn the_sizes_of_a_server_are_written_when_it_has_answered() {
    let services: Arc<Query> = Query::services("").unwrap().into();
    let one = Arc::new(ServiceTags {
        name: "a".to_owned(),
        tags: Vec::new(),
    });
    let answer = WatchEvent::current(Arc::clone(&services), Arc::new(Answer::Services(vec![one])));
    let jobs = vec![job("{{ len services }}", None)];
    let mut bench = start(RestorePolicy::Kept, jobs.clone());
    bench.step(Event::Watched(vec![answer.clone()]));
    let other = bench.renew_server(jobs, EarlierAnswers::Kept);
    let items = |bench: &Bench, server: &str| {
        let file = bench.parts.renderer.sizes().encode();
        let read = AnswerSizes::decode(&file, server).unwrap();
        read.items(&services, None)
    };
    assert_eq!(items(&bench, &server()), Some(1));
    assert_eq!(items(&bench, &other), None);
    bench.step(Event::Watched(vec![answer]));
    assert_eq!(items(&bench, &server()), Some(1));
    assert_eq!(items(&bench, &other), Some(1));
}

/// It stayed in use, was shown to the other calls, and the answer that is kept for the new server was not loaded.
#[test]
fn an_earlier_answer_of_the_server_before_a_reload_is_forgotten() {
    let stale = job(r#"{{ key "a" "on_error=stale" }}"#, None);
    let plain = job(r#"{{ key "a" }} "#, None);
    for jobs in [vec![stale, plain.clone()], vec![plain]] {
        let mut bench = start(RestorePolicy::WarmStart, jobs.clone());
        if jobs.len() == 2 {
            bench.fails("a", 403);
        } else {
            bench.unreachable(&key("a"));
        }
        bench.pass(HALF_A_SECOND);
        assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
        loaded(&mut bench, &key("a"), Some(value("old")), Duration::ZERO);
        assert_eq!((bench.write().len(), restored(&bench)), (1, 1));
        let other = bench.renew_server(jobs.clone(), EarlierAnswers::WarmStart);
        assert_eq!(restored(&bench), 0);
        bench.unreachable(&key("a"));
        bench.pass(HALF_A_SECOND);
        bench.pass(HALF_A_SECOND);
        assert_eq!(bench.write(), [""; 0]);
        for template in 0..jobs.len() {
            assert_eq!(
                state(&bench, template),
                crate::report::TemplatePhase::Waiting
            );
        }
        assert_eq!(take_loads(&mut bench), ["kv.get(a)"]);
        let answer = LoadedAnswer {
            answer: value("new"),
            current_until: None,
        };
        bench.step(Event::AnswersLoaded(other, vec![(key("a"), Ok(answer))]));
        let texts = bench.write();
        assert!(!texts.is_empty() && texts.iter().all(|text| text.trim() == "new"));
        assert_eq!(restored(&bench), 1);
        bench.news("a", "new");
        assert_eq!(restored(&bench), 0);
    }
}

/// It had fewer items than the answer of the server before, so the file waited until the loss was confirmed.
#[test]
fn beside_a_held_answer_the_size_of_the_server_before_does_not_prevent_an_earlier_answer() {
    let services: Arc<Query> = Query::services("").unwrap().into();
    let names = |count: usize| {
        let tags = |number: usize| {
            let (name, tags) = (format!("s{number}"), Vec::new());
            Arc::new(ServiceTags { name, tags })
        };
        Arc::new(Answer::Services((0..count).map(tags).collect()))
    };
    for (kept, expected) in [(10, &["10"][..]), (9, &[])] {
        let jobs = vec![job("{{ len services }}", None)];
        let mut bench = start(RestorePolicy::Kept, jobs.clone());
        let mut sizes = AnswerSizes::of(OTHER);
        sizes.accept(&services, &names(10));
        sizes.server_changed(&server());
        sizes.accept(&services, &names(100));
        let sizes = AnswerSizes::decode(&sizes.encode(), &server()).unwrap();
        bench.parts.expect(sizes);
        let other = bench.renew_server(jobs, EarlierAnswers::Kept);
        assert_eq!(&*other, OTHER);
        let few = WatchEvent::current(Arc::clone(&services), names(3));
        bench.step(Event::Watched(vec![few]));
        bench.pass(Duration::from_millis(100));
        assert_eq!(take_loads(&mut bench), ["catalog.services"]);
        let answer = LoadedAnswer {
            answer: names(kept),
            current_until: None,
        };
        let answers = vec![(Arc::clone(&services), Ok(answer))];
        bench.step(Event::AnswersLoaded(other, answers));
        assert_eq!(bench.write(), expected, "{kept}");
        assert_eq!(bench.parts.report().dependencies.held.len(), 1);
    }
}
