//! Every target reads its seeds, and what was once found, without an engine.

use std::fs;
use std::path::Path;

use fuzz::TARGETS;

#[test]
fn every_target_reads_its_seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        for seed in seeds {
            assert!(seed.len() <= target.longest, "{}", target.name);
            (target.run)(&seed);
        }
    }
}

#[test]
fn every_target_reads_its_corpus() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(&corpora).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let target = fuzz::named(&name).unwrap_or_else(|| panic!("corpus/{name} has no target"));
        for input in fs::read_dir(&folder).unwrap() {
            (target.run)(&fs::read(input.unwrap().path()).unwrap());
        }
    }
}

/// A seed that nothing accepts begins nowhere: each of these is valid.
#[test]
fn signed_seeds_are_accepted() {
    let seeds = |name: &str| (fuzz::named(name).unwrap().seeds)();
    assert!(acme::Jws::parse(&seeds("jws")[0]).is_ok());
    assert!(acme::Jws::parse(&seeds("jws")[1]).is_ok());
    for key in &seeds("jws")[2..] {
        acme::Jwk::parse(std::str::from_utf8(key).unwrap()).unwrap();
    }
    pki::Csr::parse(&seeds("csr")[1]).unwrap();
    pki::Certificate::from_der(&seeds("certificate")[0]).unwrap();
}
