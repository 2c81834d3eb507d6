//! What monitoring is told at `/healthz`.

use axum::body::Body;
use axum::http::Request;
use store::testing::take_changes;
use testkit::{Answer, TestServer};
use tower::ServiceExt as _;

testkit::on_both_engines![l4_healthz_knows_a_database_that_takes_no_changes];

async fn health(server: &TestServer) -> Answer {
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    let router = web::internal::router(server.app.clone());
    Answer::read(router.oneshot(request).await.unwrap()).await
}

async fn l4_healthz_knows_a_database_that_takes_no_changes(server: &TestServer) {
    assert_eq!(health(server).await.expect(200).text(), "ok\n");
    take_changes(&server.store, false).await.unwrap();
    let refused = health(server).await.expect(503);
    let sentence = "the database answers and takes no changes; look whether its disk is full\n";
    assert_eq!(refused.text(), sentence);
    take_changes(&server.store, true).await.unwrap();
    health(server).await.expect(200);
}
