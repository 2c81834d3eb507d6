//! What monitoring is told at `/healthz`.

use axum::body::Body;
use axum::http::Request;
use store::testing::make_schema;
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
    // As on a full disk, everything can be read and nothing be stored of what a node says of itself.
    let away = "ALTER TABLE node RENAME TO node_elsewhere";
    make_schema(&server.store, away).await.unwrap();
    let refused = health(server).await.expect(503);
    let sentence = "the database answers and takes no changes; look whether its disk is full\n";
    assert_eq!(refused.text(), sentence);
    let back = "ALTER TABLE node_elsewhere RENAME TO node";
    make_schema(&server.store, back).await.unwrap();
    health(server).await.expect(200);
}
