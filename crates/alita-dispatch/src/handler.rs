//! Functions as handlers: a context, then any number of things that are read from it.

use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::app::App;
use crate::cx::Cx;
use crate::extract::FromCx;
use crate::outcome::Outcome;

/// An asynchronous function from a context, and what it wants to have read, to an outcome.
///
/// `async fn warn(cx: Cx<App>, who: TargetMember, reason: Option<Reason>) -> Outcome`
pub trait Handler<A: App, T>: Send + Sync + 'static {
    /// Reads what the function wants and calls it.
    fn call(&self, cx: Cx<A>) -> impl Future<Output = Outcome> + Send;
}

pub(crate) type Run<A> = Arc<dyn Fn(Cx<A>) -> BoxFuture<'static, Outcome> + Send + Sync>;

pub(crate) fn erase<A: App, T>(handler: impl Handler<A, T>) -> Run<A> {
    let handler = Arc::new(handler);
    Arc::new(move |cx| {
        let handler = Arc::clone(&handler);
        async move { handler.call(cx).await }.boxed()
    })
}

macro_rules! handlers {
    ($($name:ident),*) => {
        impl<A, F, Fut, $($name,)*> Handler<A, ($($name,)*)> for F
        where
            A: App,
            F: Fn(Cx<A>, $($name),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Outcome> + Send,
            $($name: FromCx<A> + 'static,)*
        {
            #[allow(non_snake_case, unused_mut, unused_variables, reason = "the macro also makes the function without arguments")]
            async fn call(&self, cx: Cx<A>) -> Outcome {
                let mut args = cx.args().clone();
                $(let $name = $name::from_cx(&cx, &mut args).await?;)*
                self(cx, $($name),*).await
            }
        }
    };
}

handlers!();
handlers!(T1);
handlers!(T1, T2);
handlers!(T1, T2, T3);
