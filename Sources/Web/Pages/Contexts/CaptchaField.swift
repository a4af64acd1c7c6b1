/// What a form shows of its captcha.
struct CaptchaField: PageContent {
    /// What is wrong when the letters were.
    static let error = "These were not the letters. Here is a new picture."

    let id: String
    /// The life of the picture.
    let secondsLeft: Int
    /// The page of the form, where a browser without scripts gets another picture.
    let page: String

    var values: PageValues {
        ["id": .text(id), "secondsLeft": .number(secondsLeft), "page": .text(page)]
    }
}
