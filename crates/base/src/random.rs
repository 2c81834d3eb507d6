/// A source of unpredictable bytes: the operating system's in the binary, a seeded one in tests.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random data fit for keys, nonces and identifiers.
    fn fill(&self, bytes: &mut [u8]);
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}
