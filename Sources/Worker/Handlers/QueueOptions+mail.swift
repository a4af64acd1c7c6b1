package import Jobs

extension QueueOptions {
    /// How the queue of mails is served.
    ///
    /// No mail is poison: what it is made of is a number, and it ends by itself when it has served its time. So only a storm of kills
    /// could take one for poison, and then it would be lost.
    package static func mail(concurrency: Int) -> QueueOptions {
        var options = QueueOptions(SendMail.queue, concurrency: concurrency)
        options.leaseDuration = SendMail.leaseDuration
        options.poisonAfter = 100
        return options
    }
}
