//! `watch`: what it refuses before it serves.

use std::net::TcpListener;

use crate::workplace::Workplace;

#[test]
fn a_port_in_use_and_a_folder_of_another_program() {
    let workplace = Workplace::nano();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let finished = workplace.run(&["watch", "later", "--port", &port]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(
        finished.error().contains("is in use by another program"),
        "{finished}"
    );
    assert!(finished.error().contains("--port 0"), "{finished}");

    workplace.write("other/notes.txt", "not ours");
    let finished = workplace.run(&["watch", "other", "--port", "0"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(
        finished.error().contains("holds no run of pliant"),
        "{finished}"
    );
}
