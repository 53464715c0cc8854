//! What the simulation relies on: a kill loses nothing, a cut log loses exactly its tail.

use super::*;

const SET_A: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";
const SET_B: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n";
const GET_BOTH: &[u8] = b"*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\nb\r\n";

fn server() -> Option<RedisServer> {
    match RedisServer::start_temporary() {
        Ok(server) => Some(server),
        Err(error @ RedisServerError::NotFound) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn say(server: &RedisServer, requests: &[u8]) -> String {
    let reply = server.connect().expect("it runs").command(requests).expect("it answers");
    String::from_utf8(reply).expect("the replies are text")
}

#[test]
fn a_kill_loses_nothing_and_a_cut_log_loses_its_tail() {
    let Some(mut server) = server() else { return };
    assert_eq!(say(&server, SET_A), "+OK\r\n");
    let synced = server.aof_len().unwrap();
    assert_eq!(say(&server, SET_B), "+OK\r\n");

    server.kill().unwrap();
    assert!(server.connect().is_err());
    server.restart().unwrap();
    assert_eq!(say(&server, GET_BOTH), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");

    server.kill().unwrap();
    server.truncate_aof(synced + 5).unwrap();
    server.restart().unwrap();
    assert_eq!(say(&server, GET_BOTH), "*2\r\n$1\r\n1\r\n$-1\r\n");
    assert_eq!(server.aof_len().unwrap(), synced, "Redis cut the torn record off");
}

#[test]
fn the_log_of_a_running_server_is_left_alone() {
    let Some(mut server) = server() else { return };
    assert!(matches!(server.truncate_aof(0), Err(RedisServerError::WrongState(_))));
    assert!(matches!(server.replace_aof(b""), Err(RedisServerError::WrongState(_))));
}

#[test]
fn a_dropped_server_leaves_no_process_and_no_folder() {
    let Some(server) = server() else { return };
    let folder = server.folder.clone();
    let process = PathBuf::from(format!("/proc/{}", server.child.as_ref().unwrap().id()));
    drop(server);
    assert!(!process.exists());
    assert!(!folder.exists());
}

#[test]
fn a_bad_log_is_told_with_what_redis_said() {
    let Some(mut server) = server() else { return };
    server.kill().unwrap();
    server.replace_aof(b"no log\r\n").unwrap();
    let error = server.restart().unwrap_err().to_string();
    assert!(error.contains("did not start"), "{error}");
    assert!(error.contains("Bad file format"), "{error}");
    assert!(!server.is_running());
}

#[test]
fn several_requests_get_as_many_replies() {
    let Some(server) = server() else { return };
    let mut conn = server.connect().unwrap();
    assert_eq!(conn.command(&[SET_A, SET_B].concat()).unwrap(), b"+OK\r\n+OK\r\n");
    assert!(conn.command(&SET_A[..9]).is_err(), "half a request would wait for ever");
}
